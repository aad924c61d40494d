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
  "openinpresentation": 1,
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
     "id": "obj-1",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      680,
      20,
      200,
      22
     ],
     "outlettype": [],
     "text": "udpsend 127.0.0.1 9129"
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      46,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      6,
      2,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      6,
      2,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "notes",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "notes",
       "parameter_shortname": "notes",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      72,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/1"
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      98,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      61,
      2,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      61,
      2,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "register",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "register",
       "parameter_shortname": "register",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      124,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/2"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      150,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      116,
      2,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      116,
      2,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "direction",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "direction",
       "parameter_shortname": "direction",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      176,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/3"
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      202,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      171,
      2,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      171,
      2,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "lean",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "lean",
       "parameter_shortname": "lean",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      228,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/4"
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      254,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      226,
      2,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      226,
      2,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z5",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z5",
       "parameter_shortname": "z5",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      280,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/5"
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      306,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      281,
      2,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      281,
      2,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z6",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z6",
       "parameter_shortname": "z6",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      332,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/6"
    }
   },
   {
    "box": {
     "id": "obj-20",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      358,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      6,
      84,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      6,
      84,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z7",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z7",
       "parameter_shortname": "z7",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      384,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/7"
    }
   },
   {
    "box": {
     "id": "obj-23",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      410,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-24",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      61,
      84,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      61,
      84,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z8",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z8",
       "parameter_shortname": "z8",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-25",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      436,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/8"
    }
   },
   {
    "box": {
     "id": "obj-26",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      462,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-27",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      116,
      84,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      116,
      84,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z9",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z9",
       "parameter_shortname": "z9",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-28",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      488,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/9"
    }
   },
   {
    "box": {
     "id": "obj-29",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      514,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-30",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      171,
      84,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      171,
      84,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z10",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z10",
       "parameter_shortname": "z10",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-31",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      540,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/10"
    }
   },
   {
    "box": {
     "id": "obj-32",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      566,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-33",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      226,
      84,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      226,
      84,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z11",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z11",
       "parameter_shortname": "z11",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-34",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      592,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/11"
    }
   },
   {
    "box": {
     "id": "obj-35",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      618,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-36",
     "maxclass": "live.dial",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      281,
      84,
      50,
      48
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      281,
      84,
      50,
      48
     ],
     "parameter_enable": 1,
     "varname": "z12",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "z12",
       "parameter_shortname": "z12",
       "parameter_type": 0,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-37",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      644,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/knob/12"
    }
   },
   {
    "box": {
     "id": "obj-38",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      670,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-39",
     "maxclass": "live.toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      340,
      52,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      340,
      52,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "freeze",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "freeze",
       "parameter_shortname": "freeze",
       "parameter_type": 2,
       "parameter_mmin": 0.0,
       "parameter_mmax": 1.0,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-40",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      336,
      68,
      50,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      336,
      68,
      50,
      18
     ],
     "text": "freeze",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-41",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      696,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/freeze"
    }
   },
   {
    "box": {
     "id": "obj-42",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      722,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-43",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      432,
      52,
      32,
      15
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      432,
      52,
      32,
      15
     ],
     "parameter_enable": 1,
     "varname": "snapshot",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "snapshot",
       "parameter_shortname": "snapshot",
       "parameter_type": 1,
       "parameter_mmin": 1,
       "parameter_mmax": 8,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-44",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      424,
      68,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      424,
      68,
      52,
      18
     ],
     "text": "snapshot",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-45",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      474,
      68,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      474,
      68,
      52,
      18
     ],
     "text": "save",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-46",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      478,
      52,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      478,
      52,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "save",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "save",
       "parameter_shortname": "save",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-47",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      680,
      748,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "int 1"
    }
   },
   {
    "box": {
     "id": "obj-48",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      774,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/snapshot/save"
    }
   },
   {
    "box": {
     "id": "obj-49",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      520,
      68,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      520,
      68,
      52,
      18
     ],
     "text": "recall",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-50",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      524,
      52,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      524,
      52,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "recall",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "recall",
       "parameter_shortname": "recall",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-51",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      680,
      800,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "int 1"
    }
   },
   {
    "box": {
     "id": "obj-52",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      680,
      826,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/snapshot/recall"
    }
   },
   {
    "box": {
     "id": "obj-53",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      336,
      22,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      336,
      22,
      52,
      18
     ],
     "text": "play",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-54",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      340,
      6,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      340,
      6,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "play",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "play",
       "parameter_shortname": "play",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-55",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      20,
      200,
      22
     ],
     "text": "/glisser/play",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-56",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      382,
      22,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      382,
      22,
      52,
      18
     ],
     "text": "stop",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-57",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      386,
      6,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      386,
      6,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "stop",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "stop",
       "parameter_shortname": "stop",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-58",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      46,
      200,
      22
     ],
     "text": "/glisser/stop",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-59",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      428,
      22,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      428,
      22,
      52,
      18
     ],
     "text": "panic",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-60",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      432,
      6,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      432,
      6,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "panic",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "panic",
       "parameter_shortname": "panic",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-61",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      72,
      200,
      22
     ],
     "text": "/glisser/panic",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-62",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      474,
      22,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      474,
      22,
      52,
      18
     ],
     "text": "capture",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-63",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      478,
      6,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      478,
      6,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "capture",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "capture",
       "parameter_shortname": "capture",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-64",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      98,
      200,
      22
     ],
     "text": "/glisser/capture",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-65",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      520,
      22,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      520,
      22,
      52,
      18
     ],
     "text": "song -",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-66",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      524,
      6,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      524,
      6,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "song -",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "song -",
       "parameter_shortname": "song -",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-67",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      124,
      200,
      22
     ],
     "text": "/glisser/song/previous",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-68",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      566,
      22,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      566,
      22,
      52,
      18
     ],
     "text": "song +",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-69",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      570,
      6,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      570,
      6,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "song +",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "song +",
       "parameter_shortname": "song +",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-70",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      150,
      200,
      22
     ],
     "text": "/glisser/song/next",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-71",
     "maxclass": "live.numbox",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      386,
      52,
      42,
      15
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      386,
      52,
      42,
      15
     ],
     "parameter_enable": 1,
     "varname": "tempo",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "tempo",
       "parameter_shortname": "tempo",
       "parameter_type": 0,
       "parameter_mmin": 20.0,
       "parameter_mmax": 400.0,
       "parameter_unitstyle": 1,
       "parameter_invisible": 0
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-72",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      386,
      68,
      42,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      386,
      68,
      42,
      18
     ],
     "text": "tempo",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-73",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      176,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-74",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      202,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /glisser/tempo"
    }
   },
   {
    "box": {
     "id": "obj-75",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      228,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "metro 30000"
    }
   },
   {
    "box": {
     "id": "obj-76",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      254,
      200,
      22
     ],
     "text": "/glisser/subscribe 9130",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-77",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      280,
      200,
      22
     ],
     "text": "1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-78",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      572,
      108,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      572,
      108,
      52,
      18
     ],
     "text": "feedback",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-79",
     "maxclass": "live.button",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      576,
      92,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      92,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "feedback",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "feedback",
       "parameter_shortname": "feedback",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-80",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      342,
      112,
      40,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      342,
      112,
      40,
      18
     ],
     "text": "bar",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-81",
     "maxclass": "number",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      340,
      92,
      40,
      20
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      340,
      92,
      40,
      20
     ],
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-82",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      306,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-83",
     "maxclass": "multislider",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      386,
      92,
      182,
      36
     ],
     "outlettype": [
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      386,
      92,
      182,
      36
     ],
     "size": 32,
     "settype": 0,
     "setminmax": [
      -2.0,
      127.0
     ],
     "ignoreclick": 1
    }
   },
   {
    "box": {
     "id": "obj-84",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      340,
      132,
      70,
      17
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      340,
      132,
      70,
      17
     ],
     "text": "song",
     "ignoreclick": 1,
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-85",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      332,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-86",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      416,
      132,
      196,
      17
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      416,
      132,
      196,
      17
     ],
     "text": "status",
     "ignoreclick": 1,
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-87",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      358,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-88",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      416,
      150,
      196,
      17
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      416,
      150,
      196,
      17
     ],
     "text": "error",
     "ignoreclick": 1,
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-89",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      384,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-90",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      910,
      410,
      200,
      22
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
     "id": "obj-91",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      436,
      200,
      22
     ],
     "text": "$1",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-92",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      462,
      200,
      22
     ],
     "text": "$2 $3",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-93",
     "maxclass": "newobj",
     "numinlets": 7,
     "numoutlets": 2,
     "patching_rect": [
      910,
      488,
      200,
      22
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "midiformat"
    }
   },
   {
    "box": {
     "id": "obj-94",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      514,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "midiflush"
    }
   },
   {
    "box": {
     "id": "obj-95",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      910,
      540,
      200,
      22
     ],
     "outlettype": [],
     "text": "midiout"
    }
   },
   {
    "box": {
     "id": "obj-96",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 2,
     "patching_rect": [
      910,
      566,
      200,
      22
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "sel 0"
    }
   },
   {
    "box": {
     "id": "obj-97",
     "maxclass": "live.toggle",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      576,
      52,
      16,
      16
     ],
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      52,
      16,
      16
     ],
     "parameter_enable": 1,
     "varname": "notes out",
     "saved_attribute_attributes": {
      "valueof": {
       "parameter_longname": "notes out",
       "parameter_shortname": "notes out",
       "parameter_type": 2,
       "parameter_mmin": 0,
       "parameter_mmax": 1,
       "parameter_unitstyle": 0,
       "parameter_invisible": 0,
       "parameter_enum": [
        "off",
        "on"
       ]
      }
     }
    }
   },
   {
    "box": {
     "id": "obj-98",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      568,
      68,
      52,
      18
     ],
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      568,
      68,
      52,
      18
     ],
     "text": "notes out",
     "fontsize": 9.0
    }
   },
   {
    "box": {
     "id": "obj-99",
     "maxclass": "newobj",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      910,
      592,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "gate 1 0"
    }
   },
   {
    "box": {
     "id": "obj-100",
     "maxclass": "newobj",
     "numinlets": 21,
     "numoutlets": 21,
     "patching_rect": [
      910,
      618,
      200,
      22
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
     "text": "route /glisser/knob/1 /glisser/knob/2 /glisser/knob/3 /glisser/knob/4 /glisser/knob/5 /glisser/knob/6 /glisser/knob/7 /glisser/knob/8 /glisser/knob/9 /glisser/knob/10 /glisser/knob/11 /glisser/knob/12 /glisser/freeze /glisser/tempo /glisser/bar /glisser/phrase /glisser/song /glisser/status /glisser/error /glisser/note"
    }
   },
   {
    "box": {
     "id": "obj-101",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      910,
      644,
      200,
      22
     ],
     "outlettype": [
      ""
     ],
     "text": "udpreceive 9130"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "obj-3",
      0
     ],
     "destination": [
      "obj-4",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-5",
      0
     ],
     "destination": [
      "obj-3",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-6",
      0
     ],
     "destination": [
      "obj-7",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      0
     ],
     "destination": [
      "obj-6",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      0
     ],
     "destination": [
      "obj-10",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-10",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-11",
      0
     ],
     "destination": [
      "obj-9",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-12",
      0
     ],
     "destination": [
      "obj-13",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-13",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-14",
      0
     ],
     "destination": [
      "obj-12",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-15",
      0
     ],
     "destination": [
      "obj-16",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-16",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-17",
      0
     ],
     "destination": [
      "obj-15",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-18",
      0
     ],
     "destination": [
      "obj-19",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-19",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-20",
      0
     ],
     "destination": [
      "obj-18",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-21",
      0
     ],
     "destination": [
      "obj-22",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-22",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-23",
      0
     ],
     "destination": [
      "obj-21",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-24",
      0
     ],
     "destination": [
      "obj-25",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-25",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-26",
      0
     ],
     "destination": [
      "obj-24",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-27",
      0
     ],
     "destination": [
      "obj-28",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-28",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-29",
      0
     ],
     "destination": [
      "obj-27",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-30",
      0
     ],
     "destination": [
      "obj-31",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-31",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-32",
      0
     ],
     "destination": [
      "obj-30",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-33",
      0
     ],
     "destination": [
      "obj-34",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-34",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-35",
      0
     ],
     "destination": [
      "obj-33",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-36",
      0
     ],
     "destination": [
      "obj-37",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-37",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-38",
      0
     ],
     "destination": [
      "obj-36",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-39",
      0
     ],
     "destination": [
      "obj-41",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-41",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-42",
      0
     ],
     "destination": [
      "obj-39",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-43",
      0
     ],
     "destination": [
      "obj-47",
      1
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-46",
      0
     ],
     "destination": [
      "obj-47",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      0
     ],
     "destination": [
      "obj-48",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-48",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-43",
      0
     ],
     "destination": [
      "obj-51",
      1
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-50",
      0
     ],
     "destination": [
      "obj-51",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-51",
      0
     ],
     "destination": [
      "obj-52",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-52",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-54",
      0
     ],
     "destination": [
      "obj-55",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-55",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-57",
      0
     ],
     "destination": [
      "obj-58",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-58",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-60",
      0
     ],
     "destination": [
      "obj-61",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-61",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-63",
      0
     ],
     "destination": [
      "obj-64",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-64",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-66",
      0
     ],
     "destination": [
      "obj-67",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-67",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-69",
      0
     ],
     "destination": [
      "obj-70",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-70",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-73",
      0
     ],
     "destination": [
      "obj-71",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-74",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-71",
      0
     ],
     "destination": [
      "obj-74",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-2",
      0
     ],
     "destination": [
      "obj-77",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-77",
      0
     ],
     "destination": [
      "obj-75",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-75",
      0
     ],
     "destination": [
      "obj-76",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-76",
      0
     ],
     "destination": [
      "obj-1",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-79",
      0
     ],
     "destination": [
      "obj-76",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-82",
      0
     ],
     "destination": [
      "obj-81",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-85",
      0
     ],
     "destination": [
      "obj-84",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-87",
      0
     ],
     "destination": [
      "obj-86",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-89",
      0
     ],
     "destination": [
      "obj-88",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-90",
      1
     ],
     "destination": [
      "obj-91",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-90",
      0
     ],
     "destination": [
      "obj-92",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-91",
      0
     ],
     "destination": [
      "obj-93",
      6
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-92",
      0
     ],
     "destination": [
      "obj-93",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-93",
      0
     ],
     "destination": [
      "obj-94",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-94",
      0
     ],
     "destination": [
      "obj-95",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-96",
      0
     ],
     "destination": [
      "obj-94",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-97",
      0
     ],
     "destination": [
      "obj-99",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-99",
      0
     ],
     "destination": [
      "obj-90",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-97",
      0
     ],
     "destination": [
      "obj-96",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-101",
      0
     ],
     "destination": [
      "obj-100",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      0
     ],
     "destination": [
      "obj-5",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      1
     ],
     "destination": [
      "obj-8",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      2
     ],
     "destination": [
      "obj-11",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      3
     ],
     "destination": [
      "obj-14",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      4
     ],
     "destination": [
      "obj-17",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      5
     ],
     "destination": [
      "obj-20",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      6
     ],
     "destination": [
      "obj-23",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      7
     ],
     "destination": [
      "obj-26",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      8
     ],
     "destination": [
      "obj-29",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      9
     ],
     "destination": [
      "obj-32",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      10
     ],
     "destination": [
      "obj-35",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      11
     ],
     "destination": [
      "obj-38",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      12
     ],
     "destination": [
      "obj-42",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      13
     ],
     "destination": [
      "obj-73",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      14
     ],
     "destination": [
      "obj-82",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      15
     ],
     "destination": [
      "obj-83",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      16
     ],
     "destination": [
      "obj-85",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      17
     ],
     "destination": [
      "obj-87",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      18
     ],
     "destination": [
      "obj-89",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      19
     ],
     "destination": [
      "obj-99",
      1
     ],
     "order": 0
    }
   }
  ],
  "dependency_cache": [],
  "autosave": 0,
  "parameters": {
   "obj-3": [
    "notes",
    "notes",
    0
   ],
   "obj-6": [
    "register",
    "register",
    0
   ],
   "obj-9": [
    "direction",
    "direction",
    0
   ],
   "obj-12": [
    "lean",
    "lean",
    0
   ],
   "obj-15": [
    "z5",
    "z5",
    0
   ],
   "obj-18": [
    "z6",
    "z6",
    0
   ],
   "obj-21": [
    "z7",
    "z7",
    0
   ],
   "obj-24": [
    "z8",
    "z8",
    0
   ],
   "obj-27": [
    "z9",
    "z9",
    0
   ],
   "obj-30": [
    "z10",
    "z10",
    0
   ],
   "obj-33": [
    "z11",
    "z11",
    0
   ],
   "obj-36": [
    "z12",
    "z12",
    0
   ],
   "obj-39": [
    "freeze",
    "freeze",
    0
   ],
   "obj-43": [
    "snapshot",
    "snapshot",
    0
   ],
   "obj-46": [
    "save",
    "save",
    0
   ],
   "obj-50": [
    "recall",
    "recall",
    0
   ],
   "obj-54": [
    "play",
    "play",
    0
   ],
   "obj-57": [
    "stop",
    "stop",
    0
   ],
   "obj-60": [
    "panic",
    "panic",
    0
   ],
   "obj-63": [
    "capture",
    "capture",
    0
   ],
   "obj-66": [
    "song -",
    "song -",
    0
   ],
   "obj-69": [
    "song +",
    "song +",
    0
   ],
   "obj-71": [
    "tempo",
    "tempo",
    0
   ],
   "obj-79": [
    "feedback",
    "feedback",
    0
   ],
   "obj-97": [
    "notes out",
    "notes out",
    0
   ],
   "parameterbanks": {
    "0": {
     "index": 0,
     "name": "",
     "parameters": [
      "notes",
      "register",
      "direction",
      "lean",
      "z5",
      "z6",
      "z7",
      "z8"
     ]
    },
    "1": {
     "index": 1,
     "name": "",
     "parameters": [
      "z9",
      "z10",
      "z11",
      "z12",
      "freeze",
      "snapshot",
      "save",
      "recall"
     ]
    },
    "2": {
     "index": 2,
     "name": "",
     "parameters": [
      "play",
      "stop",
      "panic",
      "capture",
      "song -",
      "song +",
      "tempo",
      "feedback"
     ]
    },
    "3": {
     "index": 3,
     "name": "",
     "parameters": [
      "notes out"
     ]
    }
   }
  }
 }
}
