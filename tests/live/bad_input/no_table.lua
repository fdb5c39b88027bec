-- 2: no_table.lua
local nothing = nil
return nothing
