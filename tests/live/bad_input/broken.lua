-- 2: broken.lua:4: 
return {
  title = "Broken",
  world = function (p) return { alice = host {} end,
}
