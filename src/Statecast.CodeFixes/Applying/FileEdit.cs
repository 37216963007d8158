using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Statecast.CodeFixes.Applying;

/// <summary>A file that the project gets beside its sources.</summary>
internal sealed class FileEdit(ProjectId project, string path, string text)
{
    public static Solution Apply(Solution solution, IEnumerable<FileEdit> edits)
    {
        foreach (var edit in edits)
            solution = edit.Apply(solution);
        return solution;
    }

    // One that is there already was added for another diagnostic of the same contract.
    private Solution Apply(Solution solution) =>
        solution.GetProject(project) is not { } current || current.AdditionalDocuments.Any(d => d.FilePath == path)
            ? solution
            : solution.AddAdditionalDocument(
                DocumentId.CreateNewId(project),
                Path.GetFileName(path),
                SourceText.From(text, new UTF8Encoding(false)),
                filePath: path
            );
}
