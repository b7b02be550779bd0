"""From readings as they arrive to measured intervals.

`intake` sifts a batch, `meter` measures a window out of readings or clock hours, `intervals` writes the
records; `late` and `reopened` say which closed windows are measured anew, `stations` holds background.
"""
