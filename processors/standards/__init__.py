"""Limits as their documents state them: one YAML file per document, and the tables of HJ 633.

Every limit cites its clause and says how well it is known; the only code here is the index.
"""
