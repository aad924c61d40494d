"""The arithmetic of the figures: arrays in, numbers out. No model, no corpus, no torch."""
