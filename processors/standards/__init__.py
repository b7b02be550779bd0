"""Limits as their documents state them: one YAML file a document, and the tables of HJ 633.

Every limit has its clause and says how well it is known; nothing here is code but the index.
"""
