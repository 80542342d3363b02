"""What is stuck, why, what is it worth, and what mends it?"""
