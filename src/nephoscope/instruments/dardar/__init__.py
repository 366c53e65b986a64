"""DARDAR ice clouds from radar and lidar: DARDAR-Nice v1 and v2, DARDAR-CLOUD v3, NetCDF.

Sources: Sourdeval et al. 2018, doi 10.5194/acp-18-14327-2018 (Nice); Delanoë & Hogan 2010,
doi 10.1029/2009JD012346, and Cazenave et al. 2019, doi 10.5194/amt-12-2819-2019 (CLOUD).
"""

from nephoscope.instruments.dardar.reading import read, recognises

__all__ = ["read", "recognises"]
