"""The nouns that pass between the rooms: positions, maps, clusters, views, updates. No I/O, no clock."""
