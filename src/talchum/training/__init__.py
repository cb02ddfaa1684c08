"""Teaches a face network one identity: dataset, network, training, export. The only room with torch."""
