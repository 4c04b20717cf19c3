import { ResponseError } from '@platformatic/kafka';

/**
 * The answer itself, also when it carries error codes: the library throws at the first code and hides that other topics or
 * partitions in the same answer are well.
 */
export async function responseOf<Answer>(request: Promise<Answer>): Promise<Answer> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ResponseError && error.response) return error.response as Answer;
    throw error;
  }
}
