"""What do we earn against what we sold, and can the figure be trusted?"""
