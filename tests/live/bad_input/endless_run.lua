-- 1: endless_run.lua:6: ran out of its budget
return {
  title = "Its run never comes to an end",
  world = function () return { alice = host {} } end,
  run   = function ()
    while true do end
  end,
}
