"""Closed-form latitude, longitude ↔ row, column, one file per kind of grid."""
