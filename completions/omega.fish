complete --keep-order --exclusive --command omega --arguments "(COMPLETE=fish omega -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
