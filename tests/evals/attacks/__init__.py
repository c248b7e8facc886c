"""The obedient attacker: a model that carries out every instruction it reads, fed orders through every channel and at every door.

`orders` are the payloads, `channels` where they are planted, `doors` how a model comes to read there, `obedient` the model.
"""
