/** Completion for PowerShell. */
import type { CompletedCommand } from './completion-model.ts';

export const powershellScript = (commands: readonly CompletedCommand[]): string => {
  const words = commands.map(({ path, words }) => entry(path, words));
  const flags = commands.map(({ path, options }) =>
    entry(
      path,
      options.flatMap(option => option.flags),
    ),
  );
  const values = commands.flatMap(({ path, options }) =>
    options.flatMap(option =>
      option.takesValue ? option.flags.map(flag => entry([...path, flag], option.choices)) : [],
    ),
  );
  return `# Completion of mkb for PowerShell.
Register-ArgumentCompleter -Native -CommandName mkb -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${words.join('\n')}
  }
  $flags = @{
${flags.join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $at = 'mkb'; $prev = ''
  foreach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {
    $text = $element.ToString()
    if ($text -eq $wordToComplete -and $element.Extent.EndOffset -ge $cursorPosition) { break }
    if ($words.ContainsKey("$at $text")) { $at = "$at $text" }
    $prev = $text
  }
  $candidates = if ($values.ContainsKey("$at $prev")) { $values["$at $prev"] } elseif ($wordToComplete.StartsWith('-')) { $flags[$at] } else { $words[$at] }
  $candidates | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`;
};

const entry = (path: readonly string[], values: readonly string[]): string =>
  `    '${path.join(' ')}' = @(${values.map(value => `'${value.replaceAll("'", "''")}'`).join(', ')})`;
