from __future__ import annotations

from repository.main import main

raise SystemExit(main())
