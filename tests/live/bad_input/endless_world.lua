-- 2: endless_world.lua:4: ran out of its budget
return {
  title = "Its world never comes to an end",
  world = function () repeat until false end,
  run   = function () end,
}
