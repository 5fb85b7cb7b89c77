from chat.conftest import room

__all__ = ["room"]
