"""Reads below the pages: a question, who asks, frozen rows with units. No Streamlit, no HTML."""
