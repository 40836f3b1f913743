"""What a change does to the results: the steps that a pull request runs, and the comment that it gets."""
