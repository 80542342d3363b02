"""What can be invoiced, and what holds up the rest?"""
