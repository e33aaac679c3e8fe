"""What is learned when it is over: reviews, their actions, feedback, reports."""
