"""What would a replay do, and what came of it?"""
