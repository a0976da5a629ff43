"""``python -m facenet_app`` is ``facenet-app``."""

from facenet_app.cli.main import main

if __name__ == "__main__":
    main()
