"""Pages that are followed while they are open: tickets, streams that say that something changed, polls behind them."""
