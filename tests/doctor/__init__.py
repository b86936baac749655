"""The parts of the doctor."""
