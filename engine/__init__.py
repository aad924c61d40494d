"""The musical mind of Glisser: corpus, GLSR-VAE, training, checkpoints, decoding.

Importing ``engine`` alone never imports torch. The rooms that need no torch (``phrase``,
``vocabulary``, ``card``, ``wire``) are the only ones ``instrument`` may look into, besides
starting ``engine.service`` as a process.
"""
