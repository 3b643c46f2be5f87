"""Reading a training script: libcst lives in this room only, torch never."""
