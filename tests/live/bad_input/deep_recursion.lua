-- 1: stack overflow
return {
  title = "C code that Lua calls and that calls Lua, without end",
  world = function () return { alice = host {} } end,
  run   = function ()
    local function again() return (string.gsub("a", "a", again)) end
    again()
  end,
}
