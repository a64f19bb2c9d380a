"""Text, figures, page, notebook: four ways to show an answer; none computes."""
