"""Rules about data and how it is fed (DNN1)."""
