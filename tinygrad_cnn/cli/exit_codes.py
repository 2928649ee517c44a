"""What the process tells the shell."""
DONE, USER_ERROR, INTERRUPTED = 0, 2, 130
