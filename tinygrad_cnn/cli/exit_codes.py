"""What the process tells the shell."""
DONE, USER_ERROR, INTERRUPTED, TERMINATED = 0, 2, 130, 143
