"""The window: the client's and the server's, in Tk. Nothing else in the project may import Tk."""
