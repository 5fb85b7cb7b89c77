"""The database: chats, subscriptions, alerts, deliveries, history. The only room with SQL."""
