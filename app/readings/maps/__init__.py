"""Which word of one system is which of another?"""
