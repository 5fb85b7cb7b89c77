import json

import no_such_module

print(json, no_such_module)
