"""The pages: what stands on them (sections), as what (content), and how it becomes HTML (embed, render)."""
