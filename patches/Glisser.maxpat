{
 "patcher": {
  "title": "Glisser",
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 5,
   "revision": 5,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   85.0,
   104.0,
   640.0,
   480.0
  ],
  "bglocked": 0,
  "openinpresentation": 0,
  "default_fontsize": 12.0,
  "default_fontface": 0,
  "default_fontname": "Arial",
  "gridonopen": 1,
  "gridsize": [
   15.0,
   15.0
  ],
  "gridsnaponopen": 1,
  "objectsnaponopen": 1,
  "statusbarvisible": 2,
  "toolbarvisible": 1,
  "lefttoolbarpinned": 0,
  "toptoolbarpinned": 0,
  "righttoolbarpinned": 0,
  "bottomtoolbarpinned": 0,
  "toolbars_unpinned_last_save": 0,
  "tallnewobj": 0,
  "boxanimatetime": 200,
  "enablehscroll": 1,
  "enablevscroll": 1,
  "devicewidth": 0.0,
  "description": "",
  "digest": "",
  "tags": "",
  "style": "",
  "subpatcher_template": "",
  "assistshowspatchername": 0,
  "boxes": [
   {
    "box": {
     "id": "send",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      700.0,
      200.0,
      22.0
     ],
     "outlettype": [],
     "text": "udpsend 127.0.0.1 9129"
    }
   },
   {
    "box": {
     "id": "receive",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      20.0,
      160.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "udpreceive 9130"
    }
   },
   {
    "box": {
     "id": "begin",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      420.0,
      620.0,
      160.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "every",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      420.0,
      660.0,
      160.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "metro 20000 @active 1"
    }
   },
   {
    "box": {
     "id": "subscribe",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      420.0,
      700.0,
      190.0,
      22.0
     ],
     "text": "/glisser/subscribe 9130",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "knob-1-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      42.0,
      80.0,
      22.0
     ],
     "text": "notes"
    }
   },
   {
    "box": {
     "id": "knob-1",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      60.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      20.0,
      60.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 1 notes",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 1 notes",
       "parameter_shortname": "notes",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5005096097845079
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-1-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      138.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/1"
    }
   },
   {
    "box": {
     "id": "knob-1-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      112.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      20.0,
      112.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 1 notes is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 1 notes is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5005096097845079
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-2-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      112.0,
      42.0,
      80.0,
      22.0
     ],
     "text": "register"
    }
   },
   {
    "box": {
     "id": "knob-2",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      112.0,
      60.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      112.0,
      60.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 2 register",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 2 register",
       "parameter_shortname": "register",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5098823124478747
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-2-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      112.0,
      138.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/2"
    }
   },
   {
    "box": {
     "id": "knob-2-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      112.0,
      112.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      112.0,
      112.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 2 register is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 2 register is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5098823124478747
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-3-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      204.0,
      42.0,
      80.0,
      22.0
     ],
     "text": "direction"
    }
   },
   {
    "box": {
     "id": "knob-3",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      204.0,
      60.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      204.0,
      60.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 3 direction",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 3 direction",
       "parameter_shortname": "direction",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.4989082681372614
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-3-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      204.0,
      138.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/3"
    }
   },
   {
    "box": {
     "id": "knob-3-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      204.0,
      112.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      204.0,
      112.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 3 direction is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 3 direction is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.4989082681372614
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-4-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      296.0,
      42.0,
      80.0,
      22.0
     ],
     "text": "lean"
    }
   },
   {
    "box": {
     "id": "knob-4",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      296.0,
      60.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      296.0,
      60.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 4 lean",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 4 lean",
       "parameter_shortname": "lean",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.49869613946314234
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-4-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      296.0,
      138.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/4"
    }
   },
   {
    "box": {
     "id": "knob-4-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      296.0,
      112.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      296.0,
      112.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 4 lean is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 4 lean is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.49869613946314234
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-5-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      388.0,
      42.0,
      80.0,
      22.0
     ],
     "text": "z5"
    }
   },
   {
    "box": {
     "id": "knob-5",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      388.0,
      60.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      388.0,
      60.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 5 z5",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 5 z5",
       "parameter_shortname": "z5",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-5-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      388.0,
      138.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/5"
    }
   },
   {
    "box": {
     "id": "knob-5-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      388.0,
      112.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      388.0,
      112.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 5 z5 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 5 z5 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-6-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      480.0,
      42.0,
      80.0,
      22.0
     ],
     "text": "z6"
    }
   },
   {
    "box": {
     "id": "knob-6",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      480.0,
      60.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      480.0,
      60.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 6 z6",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 6 z6",
       "parameter_shortname": "z6",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-6-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      480.0,
      138.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/6"
    }
   },
   {
    "box": {
     "id": "knob-6-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      480.0,
      112.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      480.0,
      112.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 6 z6 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 6 z6 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-7-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      162.0,
      80.0,
      22.0
     ],
     "text": "z7"
    }
   },
   {
    "box": {
     "id": "knob-7",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      180.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      20.0,
      180.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 7 z7",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 7 z7",
       "parameter_shortname": "z7",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-7-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      258.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/7"
    }
   },
   {
    "box": {
     "id": "knob-7-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      232.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      20.0,
      232.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 7 z7 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 7 z7 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-8-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      112.0,
      162.0,
      80.0,
      22.0
     ],
     "text": "z8"
    }
   },
   {
    "box": {
     "id": "knob-8",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      112.0,
      180.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      112.0,
      180.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 8 z8",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 8 z8",
       "parameter_shortname": "z8",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-8-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      112.0,
      258.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/8"
    }
   },
   {
    "box": {
     "id": "knob-8-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      112.0,
      232.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      112.0,
      232.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 8 z8 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 8 z8 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-9-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      204.0,
      162.0,
      80.0,
      22.0
     ],
     "text": "z9"
    }
   },
   {
    "box": {
     "id": "knob-9",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      204.0,
      180.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      204.0,
      180.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 9 z9",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 9 z9",
       "parameter_shortname": "z9",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-9-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      204.0,
      258.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/9"
    }
   },
   {
    "box": {
     "id": "knob-9-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      204.0,
      232.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      204.0,
      232.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 9 z9 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 9 z9 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-10-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      296.0,
      162.0,
      80.0,
      22.0
     ],
     "text": "z10"
    }
   },
   {
    "box": {
     "id": "knob-10",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      296.0,
      180.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      296.0,
      180.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 10 z10",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 10 z10",
       "parameter_shortname": "z10",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-10-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      296.0,
      258.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/10"
    }
   },
   {
    "box": {
     "id": "knob-10-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      296.0,
      232.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      296.0,
      232.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 10 z10 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 10 z10 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-11-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      388.0,
      162.0,
      80.0,
      22.0
     ],
     "text": "z11"
    }
   },
   {
    "box": {
     "id": "knob-11",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      388.0,
      180.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      388.0,
      180.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 11 z11",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 11 z11",
       "parameter_shortname": "z11",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-11-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      388.0,
      258.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/11"
    }
   },
   {
    "box": {
     "id": "knob-11-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      388.0,
      232.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      388.0,
      232.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 11 z11 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 11 z11 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-12-label",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      480.0,
      162.0,
      80.0,
      22.0
     ],
     "text": "z12"
    }
   },
   {
    "box": {
     "id": "knob-12",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      480.0,
      180.0,
      44.0,
      48.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      480.0,
      180.0,
      44.0,
      48.0
     ],
     "varname": "Glisser 12 z12",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 12 z12",
       "parameter_shortname": "z12",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 0,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "knob-12-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      480.0,
      258.0,
      88.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/12"
    }
   },
   {
    "box": {
     "id": "knob-12-shown",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      480.0,
      232.0,
      44.0,
      15.0
     ],
     "outlettype": [
      "",
      "float"
     ],
     "presentation": 1,
     "presentation_rect": [
      480.0,
      232.0,
      44.0,
      15.0
     ],
     "varname": "Glisser 12 z12 is",
     "parameter_enable": 1,
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "Glisser 12 z12 is",
       "parameter_shortname": "is",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_initial_enable": 1,
       "parameter_initial": [
        0.5
       ],
       "parameter_invisible": 2,
       "parameter_unitstyle": 1
      }
     }
    }
   },
   {
    "box": {
     "id": "button-play",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      320.0,
      150.0,
      22.0
     ],
     "text": "/glisser/play",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-stop",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      185.0,
      320.0,
      150.0,
      22.0
     ],
     "text": "/glisser/stop",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-panic",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      350.0,
      320.0,
      150.0,
      22.0
     ],
     "text": "/glisser/panic",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-capture",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      515.0,
      320.0,
      150.0,
      22.0
     ],
     "text": "/glisser/capture",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-song-previous",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      354.0,
      150.0,
      22.0
     ],
     "text": "/glisser/song/previous",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-song-next",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      185.0,
      354.0,
      150.0,
      22.0
     ],
     "text": "/glisser/song/next",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-save-1",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      350.0,
      354.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/save 1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-save-2",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      515.0,
      354.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/save 2",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-save-3",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      388.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/save 3",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-save-4",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      185.0,
      388.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/save 4",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-recall-1",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      350.0,
      388.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/recall 1 4",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-recall-2",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      515.0,
      388.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/recall 2 4",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-recall-3",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      422.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/recall 3 4",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "button-recall-4",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      185.0,
      422.0,
      150.0,
      22.0
     ],
     "text": "/glisser/snapshot/recall 4 4",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "freeze",
     "maxclass": "toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      480.0,
      24.0,
      22.0
     ],
     "outlettype": [
      "int"
     ]
    }
   },
   {
    "box": {
     "id": "freeze-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      60.0,
      480.0,
      160.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/freeze"
    }
   },
   {
    "box": {
     "id": "tempo",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      20.0,
      520.0,
      60.0,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "minimum": 20,
     "maximum": 400
    }
   },
   {
    "box": {
     "id": "tempo-address",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      100.0,
      520.0,
      160.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/tempo"
    }
   },
   {
    "box": {
     "id": "route-knobs",
     "maxclass": "newobj",
     "numinlets": 13,
     "numoutlets": 13,
     "patching_rect": [
      700.0,
      60.0,
      700.0,
      22.0
     ],
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "route /glisser/knob/1 /glisser/knob/2 /glisser/knob/3 /glisser/knob/4 /glisser/knob/5 /glisser/knob/6 /glisser/knob/7 /glisser/knob/8 /glisser/knob/9 /glisser/knob/10 /glisser/knob/11 /glisser/knob/12"
    }
   },
   {
    "box": {
     "id": "knob-1-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-2-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      790.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-3-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      880.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-4-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      970.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-5-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1060.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-6-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1150.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-7-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1240.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-8-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1330.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-9-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1420.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-10-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1510.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-11-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1600.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "knob-12-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1690.0,
      100.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "route-others",
     "maxclass": "newobj",
     "numinlets": 9,
     "numoutlets": 9,
     "patching_rect": [
      700.0,
      180.0,
      700.0,
      22.0
     ],
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "route /glisser/bar /glisser/phrase /glisser/song /glisser/status /glisser/error /glisser/freeze /glisser/tempo /glisser/note"
    }
   },
   {
    "box": {
     "id": "bar-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      230.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "bar-shown",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      800.0,
      230.0,
      420.0,
      22.0
     ],
     "text": "bar",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "phrase-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      290.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "phrase-shown",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      800.0,
      290.0,
      420.0,
      22.0
     ],
     "text": "phrase",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "song-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      350.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "song-shown",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      800.0,
      350.0,
      420.0,
      22.0
     ],
     "text": "song",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "status-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      410.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "status-shown",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      800.0,
      410.0,
      420.0,
      22.0
     ],
     "text": "status",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "error-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      470.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "error-shown",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      800.0,
      470.0,
      420.0,
      22.0
     ],
     "text": "error",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "freeze-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      260.0,
      480.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "tempo-set",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      260.0,
      520.0,
      80.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "note",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      700.0,
      530.0,
      60.0,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "t l l"
    }
   },
   {
    "box": {
     "id": "note-order",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      700.0,
      560.0,
      150.0,
      22.0
     ],
     "text": "$2 $3 $1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "noteout",
     "maxclass": "newobj",
     "numinlets": 3,
     "numoutlets": 0,
     "patching_rect": [
      700.0,
      600.0,
      160.0,
      22.0
     ],
     "outlettype": [],
     "text": "noteout"
    }
   },
   {
    "box": {
     "id": "note-help",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      880.0,
      600.0,
      340.0,
      22.0
     ],
     "text": "the notes, too: double-click for a MIDI port"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "begin",
      0
     ],
     "destination": [
      "every",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "every",
      0
     ],
     "destination": [
      "subscribe",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "subscribe",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-1",
      0
     ],
     "destination": [
      "knob-1-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-1-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-2",
      0
     ],
     "destination": [
      "knob-2-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-2-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-3",
      0
     ],
     "destination": [
      "knob-3-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-3-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-4",
      0
     ],
     "destination": [
      "knob-4-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-4-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-5",
      0
     ],
     "destination": [
      "knob-5-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-5-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-6",
      0
     ],
     "destination": [
      "knob-6-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-6-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-7",
      0
     ],
     "destination": [
      "knob-7-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-7-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-8",
      0
     ],
     "destination": [
      "knob-8-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-8-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-9",
      0
     ],
     "destination": [
      "knob-9-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-9-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-10",
      0
     ],
     "destination": [
      "knob-10-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-10-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-11",
      0
     ],
     "destination": [
      "knob-11-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-11-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-12",
      0
     ],
     "destination": [
      "knob-12-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-12-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-play",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-stop",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-panic",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-capture",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-song-previous",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-song-next",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-save-1",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-save-2",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-save-3",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-save-4",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-recall-1",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-recall-2",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-recall-3",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "button-recall-4",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "freeze",
      0
     ],
     "destination": [
      "freeze-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "freeze-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "tempo",
      0
     ],
     "destination": [
      "tempo-address",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "tempo-address",
      0
     ],
     "destination": [
      "send",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "receive",
      0
     ],
     "destination": [
      "route-knobs",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      0
     ],
     "destination": [
      "knob-1-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-1-set",
      0
     ],
     "destination": [
      "knob-1-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      1
     ],
     "destination": [
      "knob-2-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-2-set",
      0
     ],
     "destination": [
      "knob-2-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      2
     ],
     "destination": [
      "knob-3-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-3-set",
      0
     ],
     "destination": [
      "knob-3-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      3
     ],
     "destination": [
      "knob-4-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-4-set",
      0
     ],
     "destination": [
      "knob-4-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      4
     ],
     "destination": [
      "knob-5-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-5-set",
      0
     ],
     "destination": [
      "knob-5-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      5
     ],
     "destination": [
      "knob-6-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-6-set",
      0
     ],
     "destination": [
      "knob-6-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      6
     ],
     "destination": [
      "knob-7-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-7-set",
      0
     ],
     "destination": [
      "knob-7-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      7
     ],
     "destination": [
      "knob-8-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-8-set",
      0
     ],
     "destination": [
      "knob-8-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      8
     ],
     "destination": [
      "knob-9-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-9-set",
      0
     ],
     "destination": [
      "knob-9-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      9
     ],
     "destination": [
      "knob-10-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-10-set",
      0
     ],
     "destination": [
      "knob-10-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      10
     ],
     "destination": [
      "knob-11-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-11-set",
      0
     ],
     "destination": [
      "knob-11-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      11
     ],
     "destination": [
      "knob-12-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "knob-12-set",
      0
     ],
     "destination": [
      "knob-12-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-knobs",
      12
     ],
     "destination": [
      "route-others",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      0
     ],
     "destination": [
      "bar-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "bar-set",
      0
     ],
     "destination": [
      "bar-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      1
     ],
     "destination": [
      "phrase-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "phrase-set",
      0
     ],
     "destination": [
      "phrase-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      2
     ],
     "destination": [
      "song-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "song-set",
      0
     ],
     "destination": [
      "song-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      3
     ],
     "destination": [
      "status-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "status-set",
      0
     ],
     "destination": [
      "status-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      4
     ],
     "destination": [
      "error-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "error-set",
      0
     ],
     "destination": [
      "error-shown",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      5
     ],
     "destination": [
      "freeze-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "freeze-set",
      0
     ],
     "destination": [
      "freeze",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      6
     ],
     "destination": [
      "tempo-set",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "tempo-set",
      0
     ],
     "destination": [
      "tempo",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "route-others",
      7
     ],
     "destination": [
      "note",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "note",
      0
     ],
     "destination": [
      "note-order",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "note-order",
      0
     ],
     "destination": [
      "noteout",
      0
     ],
     "order": 0
    }
   }
  ],
  "dependency_cache": [],
  "autosave": 0
 }
}
