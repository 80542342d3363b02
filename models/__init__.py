"""The shared language and the two stores; imports nothing of app, collectors or integrations."""
