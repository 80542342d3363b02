"""What happened to this one thing, in every system?"""
