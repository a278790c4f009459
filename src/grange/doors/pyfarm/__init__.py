"""The PyFarm door: the farm as a nested dictionary, as PyFarm had its queue in 2009, and its XML.

words.py dictionary.py      states and how they add up; the shape of the dictionary
xml_out.py xml_in.py xml_2009.py json_form.py   dictionary <-> text
live.py frames.py           the farm -> dictionary
restored.py                 dictionary -> jobs, with what is over and their logs
changes.py                  a value is set -> a command
routes.py                   over HTTP, below the native API
"""
