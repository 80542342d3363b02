"""Is work flowing?"""
