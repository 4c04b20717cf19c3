-- How Argo CD shows a MqttKafkaBridge. https://argo-cd.readthedocs.io/en/stable/operator-manual/health/#custom-health-checks
local function condition(kind)
  if obj.status == nil or obj.status.conditions == nil then
    return nil
  end
  for _, each in ipairs(obj.status.conditions) do
    if each.type == kind then
      return each
    end
  end
  return nil
end

local function is(kind, status)
  local found = condition(kind)
  return found ~= nil and found.status == status
end

if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "It is being deleted." }
end
-- A condition of an older document says nothing of this one.
if obj.status == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not looked at it yet." }
end
if is("Paused", "True") then
  return { status = "Suspended", message = condition("Paused").message }
end
if is("Stalled", "True") then
  return { status = "Degraded", message = condition("Stalled").message }
end
if is("Ready", "True") then
  if is("Degraded", "True") then
    return { status = "Degraded", message = condition("Degraded").message }
  end
  return { status = "Healthy", message = condition("Ready").message }
end
if is("Degraded", "True") then
  return { status = "Degraded", message = condition("Degraded").message }
end
local ready = condition("Ready")
return { status = "Progressing", message = ready ~= nil and ready.message or "It is being made." }
