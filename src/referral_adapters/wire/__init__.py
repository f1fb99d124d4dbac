"""How values and acts are written on a wire, whichever wire it is."""
