import CommandLineTools
import Foundation

// All commands in one program, which is called by their names: a Swift runtime that is linked in is there once.
let commands: [any Command.Type] = [RewriteCommand.self, RunCommand.self, MemdiffCommand.self]
let name = ((CommandLine.arguments.first ?? "") as NSString).lastPathComponent
guard let command = commands.first(where: { $0.table.name == name }) else {
  FileHandle.standardError.write(Data("local-memory: expected the name rewrite, run or memdiff\n".utf8))
  exit(2)
}
exit(command.main(CommandLine.arguments))
