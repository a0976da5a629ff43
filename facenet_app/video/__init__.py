"""Who is seen in a video, and when: faces followed from picture to picture, and names that they agree on."""
